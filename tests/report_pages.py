"""What a page of a report holds for its scripts."""

import base64
import gzip
import json
import re
from typing import Any


def page_data(page: str, name: str = "data") -> Any:
    """The data of the lists, or with ``details`` that of the pages of cases."""
    found = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))

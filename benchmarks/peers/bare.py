"""The least that asks a framework every question: a loop that calls, catches and compares.

`questions.py` beside it is the same calls, each written out as a function.
"""

from collections import Counter

import ready
from questions import QUESTIONS

counts = Counter()
for question, (arrays, wanted, exact) in zip(QUESTIONS, ready.cases(), strict=True):
    try:
        answer = question(**arrays)
    except Exception:
        counts["refused"] += 1
    else:
        counts["same" if ready.same(answer, wanted, exact) else "other"] += 1
print(dict(counts))

"""What people ask is answered within two clicks of the first screen, for each framework.

``answers.toml`` has the path to each answer, and the sentence that stands there.
"""

import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

FRAMEWORKS = {
    "torch": "torch.nn.ConvTranspose",
    "keras": "keras.layers.ConvTranspose",
    "tensorflow": "tf.nn.conv_transpose",
    "jax": "jax.lax.conv_transpose",
    "mxnet": "mxnet.gluon.nn.ConvTranspose",
    "onnxruntime": "onnxruntime.ConvTranspose",
}
CLICKS = 2
ANSWERS = tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))


def walk(page: Page, path: list[str], framework: str) -> str:
    """Follow a path from the first screen, and return the text that is then on the page.

    A step is the name of a link, a row of the matrix, or a choice of an API.
    """
    for step in path:
        kind, _, row = step.partition(": ")
        if row:
            page.locator(f'td.whole[data-family="{framework}"] a[href*="/ask/{row}/"]').click()
            expect(page.locator("#explanation h2")).to_be_visible()
        elif kind in ("from", "to"):
            page.locator(f"[name={kind}]").select_option(FRAMEWORKS[framework])
        else:
            page.get_by_role("link", name=step, exact=True).first.click()
    if page.locator("#port").is_visible():
        expect(page.locator("#ported pre").first).to_be_visible()
    return " ".join(page.locator("main .view.active").inner_text().split())


@pytest.mark.parametrize(
    ("question", "framework"),
    [
        (question, framework)
        for question in ANSWERS
        for framework in FRAMEWORKS
        if framework in ANSWERS[question]
    ],
)
def test_a_question_is_answered_within_two_clicks(
    page: Page, question: str, framework: str
) -> None:
    answer = ANSWERS[question]
    assert len(answer["path"]) <= CLICKS
    assert answer[framework] in walk(page, answer["path"], framework)

"""Every view of the page at three widths and in two schemes, and all that one can do there."""

import base64
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

SIZES = {"phone": 361, "tablet": 768, "desktop": 1280}
CASE = "codemia-example"
ROUTES = (
    "#support",
    "#/ask/flip/jax",
    "#/ask/same/keras",
    "#/ask/rank-3-groups/tensorflow",
    "#/ask/flip/nobody",
    "#port",
    "#pictures",
    "#coverage",
    "#/picture/padding",
    "#changes",
    "#history-1",
    "#troubles",
    "#claims",
    "#errata",
    "#axes",
    "#know",
    "#matrix",
    "#cases",
    f"#/case/{CASE}",
    "#/case/no-such-case",
    "#/claim/C1",
    "#/stride/torch.nn.ConvTranspose",
    "#/axis/kernel flip/no such column",
    "#no-such-view",
    "#/%E0%A4%A",
)
VIEWS = (
    *("#support", "#/ask/flip/jax", "#port", "#pictures", "#changes", "#troubles"),
    *("#claims", "#axes"),
    *("#cases", f"#/case/{CASE}"),
)
"""One route of each view."""


def follow(page: Page, route: str) -> None:
    page.evaluate("route => { location.hash = route; }", route)
    page.evaluate("() => follow()")


@pytest.fixture(params=[f"{size}-{scheme}" for size in SIZES for scheme in ("light", "dark")])
def sized(request: pytest.FixtureRequest, page: Page) -> Page:
    """The page at each width and in each scheme."""
    size, scheme = request.param.split("-")
    page.set_viewport_size({"width": SIZES[size], "height": 900})
    page.emulate_media(color_scheme=scheme)
    return page


def test_every_view_reads_at_every_size_and_in_every_scheme(sized: Page) -> None:
    problems = []
    for route in ROUTES:
        follow(sized, route)
        if sized.locator("main .view:visible").count() != 1:
            problems.append(f"{route}: not one view")
        problems += [f"{route}: {words}" for words in sized.evaluate(MISPLACED)]
    assert problems == []


MISPLACED = """() => {
  const seen = (box) => box.width > 1 && box.height > 1;
  const name = (e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`;
  const all = [...document.querySelectorAll("header *, main .view.active *")];
  const outside = all.filter((e) => {
    const box = e.getBoundingClientRect();
    const isClipped = e.closest(".scroll, pre, .skip, .quiet, .spoken, svg, option, [hidden]");
    return seen(box) && !isClipped && (box.left < -1 || box.right > innerWidth + 1);
  }).map((e) => `${name(e)} is outside`);
  const columns = [...document.querySelectorAll("main, main section, main article, header")];
  const overlapping = columns.flatMap((column) => {
    if (getComputedStyle(column).display !== "block") return [];
    const parts = [...column.children].filter((e) =>
      seen(e.getBoundingClientRect()) && getComputedStyle(e).position === "static");
    return parts.slice(1).filter((part, n) =>
      part.getBoundingClientRect().top < parts[n].getBoundingClientRect().bottom - 1);
  }).map((e) => `${name(e)} lies on what is above it`);
  const scrolls = document.documentElement.scrollWidth > innerWidth;
  return [...outside, ...overlapping, ...(scrolls ? ["it scrolls sideways"] : [])].slice(0, 5);
}"""
"""What is beside the page, or on top of what stands above it, whatever the fonts are."""


def test_one_searches_filters_copies_and_ports_at_every_size_and_in_every_scheme(
    sized: Page,
) -> None:
    follow(sized, "#cases")
    sized.locator("#words").fill(CASE)
    expect(sized.locator("#list .id").first).to_have_text(CASE)
    expect(sized.locator("#found")).not_to_contain_text("100 shown")
    sized.locator("#verdict").select_option("translated")
    expect(sized.locator("#list .v").first).to_contain_text("translated")
    sized.locator("#list .id").first.click()
    expect(sized.locator("#case h2")).to_have_text(CASE)
    sized.get_by_role("link", name="Findings", exact=True).click()
    sized.locator("#finding-filter [name=framework]").select_option("mxnet")
    expect(sized.locator("#findings-found")).to_contain_text("of")
    sized.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sized.get_by_role("link", name="Port a layer", exact=True).click()
    sized.locator('[name="to"]').select_option("jax.lax.conv_transpose")
    sized.locator("#ported figure").first.get_by_role("button").click()
    expect(sized.locator("#ported figure button").first).to_have_text("copied")
    assert "jax.lax.conv_transpose(" in sized.evaluate("navigator.clipboard.readText()")


ALIKE = """() => {
  const counts = {};
  const isAlike = (e) => (counts[e.className] = (counts[e.className] ?? 0) + 1) > 3;
  document.querySelectorAll(".view:not(.active)").forEach((e) => e.remove());
  document.querySelectorAll(".matrix td").forEach((e) => isAlike(e) && e.replaceChildren());
  document.querySelectorAll(".matrix tr").forEach((e) =>
    e.querySelector("td") && !e.querySelector("td > *") && e.remove());
  document.querySelectorAll("#know article:nth-child(n + 5)").forEach((e) => e.remove());
}"""
"""Removes views that nobody sees, and what is like others: thousands of cells, and cards."""


@pytest.mark.parametrize("route", VIEWS)
def test_a_screen_reader_finds_no_barrier(page: Page, route: str) -> None:
    follow(page, route)
    page.evaluate(ALIKE)
    barriers = []
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        results = Axe().run(page, options={"resultTypes": ["violations"], **rules})
        barriers += [
            (scheme, violation["id"], node["html"][:120])
            for violation in results.response["violations"]
            for node in violation["nodes"][:3]
        ]
    assert barriers == []


def test_the_first_screen_holds_the_matrix(page: Page) -> None:
    matrix = page.locator("table.support")
    expect(matrix).to_be_in_viewport()
    assert matrix.bounding_box()["y"] < 400  # type: ignore[index]


def test_the_first_screen_of_a_phone_holds_the_matrix(page: Page) -> None:
    page.set_viewport_size({"width": SIZES["phone"], "height": 740})
    cell = page.locator("table.support td.whole").first
    assert cell.bounding_box()["y"] < 740  # type: ignore[index]


def test_a_family_unfolds_by_keyboard_and_folds_again(page: Page) -> None:
    button = page.locator('th[data-family="keras"] button')
    parts = page.locator('td.part[data-family="keras"]:visible')
    assert parts.count() == 0
    button.focus()
    page.keyboard.press("Enter")
    assert parts.count() > 0
    page.keyboard.press("Enter")
    assert parts.count() == 0


def test_rows_in_which_all_agree_can_be_hidden(page: Page) -> None:
    rows = page.locator("table.support tbody tr:visible")
    before = rows.count()
    row = page.locator("table.support tbody tr:not(.section)").first
    row.evaluate("row => row.classList.add('alike')")  # in this report all of them differ
    page.get_by_role("button", name="Only what differs").click()
    expect(row).to_be_hidden()
    assert 0 < rows.count() < before


def test_a_cell_leads_to_its_picture_its_code_and_its_cases(page: Page) -> None:
    page.locator('td.whole[data-family="jax"] a[href*="/ask/flip/"]').click()
    explanation = page.locator("#explanation")
    expect(explanation.get_by_role("img")).to_be_visible()
    expect(explanation.get_by_text("naive call").first).to_be_visible()
    explanation.get_by_role("link", name="cases").first.click()
    expect(page.locator("#found")).to_contain_text("kernel flip:")


def test_words_of_a_search_narrow_the_list(page: Page) -> None:
    follow(page, "#cases")
    page.locator("#words").fill(CASE)
    expect(page.locator("#found")).not_to_contain_text("100 shown")
    names = page.locator("#list .id").all_inner_texts()
    assert set(names) == {CASE}


def test_a_filter_by_verdict_leaves_only_this_verdict(page: Page) -> None:
    follow(page, "#cases")
    page.locator("#verdict").select_option("inexpressible")
    expect(page.locator("#list .v").first).to_contain_text("inexpressible")
    assert set(page.locator("#list .v").all_inner_texts()) == {"∅ inexpressible"}


def test_findings_are_filtered_by_framework_version_class_and_words(page: Page) -> None:
    follow(page, "#troubles")
    counts = [page.locator(".finding:visible").count()]
    form = page.locator("#finding-filter")
    for name, value in (("framework", "mxnet"), ("versions", "mxnet==1.9.1"), ("class", "native")):
        form.locator(f"[name={name}]").select_option(value)
    titles = page.locator(".finding:visible summary").all_inner_texts()
    counts.append(len(titles))
    assert all("MXNet" in title for title in titles)
    form.locator("[name=words]").fill("dilation")
    expect(page.locator("#findings-found")).to_contain_text(f"of {counts[0]}")
    counts.append(page.locator(".finding:visible").count())
    assert counts[0] > counts[1] > counts[2] > 0
    form.get_by_role("button", name="clear").click()
    expect(page.locator(".finding:visible")).to_have_count(counts[0])


def test_more_of_the_list_is_shown_on_demand(page: Page) -> None:
    follow(page, "#cases")
    page.locator("#more").click()
    assert page.locator("#list .one").count() == 200


def test_a_case_shows_its_numbers_and_its_calls(page: Page) -> None:
    follow(page, f"#/case/{CASE}")
    answer = page.get_by_label("the oracle's answer").locator("td").all_inner_texts()
    assert answer == ["0", "1", "2", "1", "5", "4", "3", "4", "0"]
    page.locator("details.implementation summary").first.click()
    expect(page.locator("details.implementation[open] pre").first).to_be_visible()


def test_differing_cells_of_an_answer_are_marked(page: Page) -> None:
    classes = page.evaluate(
        """() => {
          const row = (numbers) => ({ shape: [1, 3], dtype: "float32", numbers });
          const drawn = grid("it answers", row([1, 2, 3]), row([1, 5, 3]));
          return [...drawn.querySelectorAll("td")].map((cell) => cell.className);
        }"""
    )
    assert classes == ["", "differs", ""]


def test_a_copy_button_copies_the_code_beside_it(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    follow(page, "#port")
    figure = page.locator("#ported figure").first
    figure.get_by_role("button").click()
    expect(figure.get_by_role("button")).to_have_text("copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == figure.locator("pre").inner_text()


def test_a_layer_is_ported_as_it_is_typed(page: Page) -> None:
    follow(page, "#port")
    page.locator('[name="from"]').select_option("torch.nn.ConvTranspose")
    page.locator('[name="to"]').select_option("jax.lax.conv_transpose")
    page.locator('[name="padding"]').fill("1")
    expect(page.locator("#ported pre").first).to_contain_text("[(1, 1), (1, 1)]")
    page.locator('[name="padding"]').fill("0")
    expect(page.locator("#ported pre").first).to_contain_text("[(2, 2), (2, 2)]")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("padding", "-1", "padding:"),
        ("padding", "so", "padding:"),
        ("kernel", "", "kernel:"),
        ("kernel", "0", "kernel:"),
        ("stride", "1.5", "stride:"),
        ("groups", "3", "multiple of the groups"),
        ("kernel", "999", "not in the table"),
    ],
)
def test_a_layer_that_cannot_be_is_answered_in_a_sentence(
    page: Page, name: str, value: str, words: str
) -> None:
    follow(page, "#port")
    page.locator(f'[name="{name}"]').fill(value)
    expect(page.locator("#ported")).to_contain_text(words)


def test_numbers_of_pictures_stand_in_their_cells(page: Page) -> None:
    follow(page, "#pictures")
    strays = page.evaluate(
        """() => [...document.querySelectorAll("#pictures svg")].flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          return [...svg.querySelectorAll("text")].filter((text) => {
            const box = text.getBoundingClientRect();
            const cell = text.classList.contains("value") ? text.previousElementSibling : svg;
            const room = cell.getBoundingClientRect();
            return box.left < room.left - 1 || box.right > room.right + 1 ||
              box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
          }).map((text) => `${svg.getAttribute("aria-label")}: ${text.textContent}`);
        })"""
    )
    assert strays == []


def test_pictures_change_their_colours_with_the_scheme(page: Page) -> None:
    follow(page, "#pictures")
    colour = "getComputedStyle(document.querySelector('#pictures rect.output')).fill"
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        colours.add(page.evaluate(colour))
    assert len(colours) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screenshot_of_each_picture_has_the_colour_of_each_cell_in_its_place(
    page: Page, scheme: str
) -> None:
    page.set_viewport_size({"width": 2400, "height": 1200})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    follow(page, "#pictures")
    page.add_style_tag(content="#pictures text { visibility: hidden; }")
    pictures = page.locator("#pictures .picture").all()
    wrong = {svg.get_attribute("aria-label"): differing_cells(svg) for svg in pictures}
    assert {title: cells for title, cells in wrong.items() if cells} == {}


def test_a_screenshot_of_the_matrix_has_the_colour_of_each_answer_in_its_place(
    sized: Page,
) -> None:
    sized.add_style_tag(content="td.s a { visibility: hidden; }")
    matrix = sized.get_by_role("region", name="Support matrix")
    assert differing_cells(matrix) == []


def differing_cells(drawn: Locator) -> list[object]:
    """Return the cells whose middle has another colour in a screenshot than they should have."""
    image = base64.b64encode(drawn.screenshot()).decode()
    differing: list[object] = drawn.evaluate(DIFFERING_CELLS, image)
    return differing


DIFFERING_CELLS = """async (drawn, png) => {
  const settings = { willReadFrequently: true };
  const context = (width, height) =>
    new OffscreenCanvas(width, height).getContext("2d", settings);
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const shot = context(image.width, image.height);
  shot.drawImage(image, 0, 0);
  const colour = (canvas, x, y) => [...canvas.getImageData(x, y, 1, 1).data.slice(0, 3)];
  const paint = context(1, 1);
  const paper = getComputedStyle(document.body).backgroundColor;
  const painted = (...fills) => {
    for (const fill of [paper, ...fills]) {
      paint.fillStyle = fill;
      paint.fillRect(0, 0, 1, 1);
    }
    return colour(paint, 0, 0);
  };
  const frame = drawn.getBoundingClientRect();
  return [...drawn.querySelectorAll("rect, td.s:not([hidden])")].map((cell) => {
    const box = cell.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const isAnswer = cell.matches("td");
    if (isAnswer && !cell.contains(document.elementFromPoint(x, y))) return null;
    const { fill, backgroundColor } = getComputedStyle(cell);
    const expected = painted(...(isAnswer ? [backgroundColor] : fill === "none" ? [] : [fill]));
    const found = colour(shot, Math.round(x - frame.x), Math.round(y - frame.y));
    return [cell.getAttribute("class"), expected, found];
  }).filter((cell) => cell?.[1].some((value, n) => Math.abs(value - cell[2][n]) > 2));
}"""


def test_without_scripts_every_table_is_there(page: Page, file: Path) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    still = context.new_page()
    still.goto(file.as_uri())
    for name in ("support", "axes", "matrix", "claims", "troubles"):
        expect(still.locator(f"#{name}")).to_be_visible()
    context.close()


def test_the_print_has_no_buttons(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.get_by_role("button").count() == 0


def test_the_page_is_below_three_megabytes(file: Path) -> None:
    assert file.stat().st_size < 3_000_000


# The history


def test_a_change_leads_to_the_case_that_shows_it_and_that_says_since_when(page: Page) -> None:
    follow(page, "#changes")
    news = page.locator(".news li")
    expect(news.first).to_contain_text("keras 3.3 on tensorflow, onednn-avx2 (after 3.2)")
    news.first.locator("a[href^='#/case/']").click()
    expect(page.locator("#case h2")).to_be_visible()
    since = page.locator("#case .implementation li", has_text="since 3.3 (2024-01-03)")
    expect(since.first).to_have_text(
        "same: odd element: cropped at the end since 3.3 (2024-01-03);"
        " cropped at the start until 3.2"
    )


def test_a_timeline_is_read_in_the_order_of_the_releases(page: Page) -> None:
    follow(page, "#history-1")
    timeline = page.locator(".timeline").first.locator("li")
    assert [" ".join(text.split()) for text in timeline.all_inner_texts()] == [
        "◆ cropped at the start until 3.2",
        "= cropped at the end from 3.3",
    ]

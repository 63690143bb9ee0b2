"""Slides as a room sees them: with the network off, all of each fits, and code can be read."""

import pytest

import slides

# The one with the longest outputs; all, with --thorough.
SOME = ("14",)
SMALLEST = 20  # px, of code on a screen of 1280 by 720

MEASURE = """() => Reveal.getSlides().map(slide => {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v, 99);  // with all that comes key by key
    let right = 0, bottom = 0, font = Infinity;
    for (const one of slide.querySelectorAll("*")) {
        const box = one.getBoundingClientRect(), style = getComputedStyle(one);
        if (!box.width || one.closest("aside, details:not([open]) > :not(summary)")) continue;
        if (one.matches("pre, code")) font = Math.min(font, parseFloat(style.fontSize));
        const area = one.closest(".celltag_scroll .jp-OutputArea");  // the only thing that scrolls
        if (area && area !== one) continue;
        const inside = area || style.display === "inline" || one.closest("svg");
        right = Math.max(right, box.right, inside ? 0 : box.left + one.scrollWidth);
        bottom = Math.max(bottom, box.bottom);
    }
    return {where: `${h}/${v} ${slide.innerText.slice(0, 40)}`, right, bottom, font};
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slides")


@pytest.fixture
def open_slides(browser, folder):
    """Return a function that makes a lesson's slides and opens them, and what is wrong so far."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    wrong = []

    def open_slides(lesson):
        target = folder / f"{lesson.stem}.html"
        if not target.exists():
            slides.make([lesson], folder, slides.REVEAL)
        page = context.new_page()
        page.on("request", lambda request: wrong.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(target.as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        wrong.remove(target.as_uri())
        return page, wrong

    yield open_slides
    context.close()


def measured(page) -> tuple[list[dict], float]:
    """The slides that do not fit, and how large the smallest code is."""
    found = page.evaluate(MEASURE)
    assert len(found) > 10
    too_large = [
        slide for slide in found if slide["right"] > slides.WIDTH or slide["bottom"] > slides.HEIGHT
    ]
    return too_large, min(slide["font"] for slide in found if slide["font"])


@pytest.mark.parametrize("lesson", slides.LESSONS, ids=lambda path: path.stem)
def test_everything_fits_and_nothing_is_fetched(lesson, open_slides, thorough):
    if lesson.stem[:2] not in SOME and not thorough:
        pytest.skip("with --thorough")
    page, wrong = open_slides(lesson)
    too_large, smallest = measured(page)
    assert too_large == []
    assert smallest >= SMALLEST
    assert wrong == []


def test_the_check_can_fail(open_slides):
    page, _ = open_slides(slides.LESSONS[-1])
    page.add_style_tag(content=".reveal pre { font-size: 19px; line-height: 40px; }")
    too_large, smallest = measured(page)
    assert too_large and smallest < SMALLEST


def test_what_is_printed_comes_at_the_next_key(open_slides):
    page, _ = open_slides(slides.LESSONS[-1])
    hidden = page.locator("section.present section.present .fragment:not(.visible)")
    for _ in range(30):
        if hidden.count():
            break
        page.keyboard.press("Space")
    before = page.evaluate("Reveal.getIndices()")
    page.keyboard.press("Space")
    after = page.evaluate("Reveal.getIndices()")
    assert (after["h"], after["v"]) == (before["h"], before["v"])
    assert not hidden.count()

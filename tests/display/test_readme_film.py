"""The film in README is the one that the code draws."""

from support.readme_film import FILM, readme_film


async def test_the_film_in_readme_is_what_the_code_draws():
    drawn = await readme_film()
    message = "draw it anew: PYTHONPATH=$PWD:tests .venv/bin/python -m support.readme_film"
    assert FILM.read_text(encoding="utf-8") == drawn.svg, message

"""A KeyboardInterrupt at each line of the queues and of what pulls from them; `make soak` takes all other lines too."""

import pytest
from soak.interrupts import QUEUE_FILES, SCENES, faults_of_interrupt, lines_of

# What was not begun when the interrupt came is never awaited.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture(scope="module")
def lines():
    return lines_of(QUEUE_FILES)


@pytest.mark.parametrize("scene", SCENES)
def test_an_interrupt_between_two_lines_loses_and_doubles_no_message(scene, lines):
    assert len(lines[scene]) > 5
    assert not {place: faults for place in lines[scene] if (faults := faults_of_interrupt(place))}

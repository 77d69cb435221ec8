"""A KeyboardInterrupt at each line of the queues and of what pulls from them; `make soak` takes all other lines too."""

import pytest
from soak.features import enabled
from soak.interrupts import QUEUE_FILES, SCENES, faults_of_interrupt, places_of

pytestmark = [
    pytest.mark.skipif("line_interrupts" not in enabled(), reason="known, see features.py"),
    # What was not begun when the interrupt came is never awaited.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


@pytest.mark.parametrize("scene", SCENES)
def test_an_interrupt_between_two_lines_loses_and_doubles_no_message(scene):
    failures = {place: faults for place in places_of(scene, QUEUE_FILES) if (faults := faults_of_interrupt(place))}
    assert not failures

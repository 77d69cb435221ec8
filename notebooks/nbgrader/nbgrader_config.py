"""What nbgrader needs to know to hand out the exercises and to mark them. ../teachers.md says how to use it."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades

c = get_config()  # noqa: F821  (nbgrader gives it)

c.CourseDirectory.course_id = "message-queues"

# The line that the learner's own copies in ../exercises have, too.
c.ClearSolutions.code_stub = {"python": "# Your turn: change the lines above, or write yours here."}

# nbgrader takes away the solution and the hidden checks by itself; the explanation of the solution goes with them.
c.Exporter.preprocessors = ["nbconvert.preprocessors.RegexRemovePreprocessor"]
c.RegexRemovePreprocessor.patterns = ["## The solution, explained"]

# Feedback tells the message that broke the answer, but lists no hidden check: not in its cells, not in a traceback.
c.GenerateFeedback.preprocessors = [GetGrades, CSSHTMLHeaderPreprocessor, ClearHiddenTests]
c.Execute.extra_arguments = ["--InteractiveShell.xmode=Minimal"]

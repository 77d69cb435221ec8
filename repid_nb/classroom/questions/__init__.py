"""The questions of the course: one module a chapter, with its guesses in order and the three questions at its end.

The modules are data. They are looked up by their names (`repid_nb.classroom.question`), so a new one needs no entry in
a list.
"""

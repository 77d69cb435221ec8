"""The exports of a workbench: a cell, a file, a diagram, a picture."""

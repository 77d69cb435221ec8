"""What can be taken out of a workbench: a cell, a file, a diagram, a picture."""

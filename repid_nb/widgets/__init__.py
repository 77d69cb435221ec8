"""Interactive views on a Stepper."""

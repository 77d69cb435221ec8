"""Stepping through an app one pull at a time, with a record of each."""

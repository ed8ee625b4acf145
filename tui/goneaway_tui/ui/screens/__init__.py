"""Whole screens and dialogs, each one question or one view."""

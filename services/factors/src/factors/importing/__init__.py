"""Readers of other people's files: each turns a text into catalogue entries, row by row, and says what it leaves out and why."""

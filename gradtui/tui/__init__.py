"""The screen: Textual app, screens and panels."""

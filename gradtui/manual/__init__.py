"""The manual: its pages, in Markdown, and what they consist of. Knows no screen."""

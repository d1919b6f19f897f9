"""What every other package stands on: text, where it came from, files, streams and the terminal."""

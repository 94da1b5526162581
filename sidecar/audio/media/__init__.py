"""Recordings in formats that libsndfile does not read, such as m4a, mp4 and webm → a WAV file.

The decoders of FFmpeg and macOS run in a process of their own, on a private copy of the file.
"""

"""Recordings in what libsndfile does not read: m4a, mp4, webm and the like → a WAV file.

FFmpeg's and macOS' decoders run in a process of their own, on a private copy of the file.
"""

"""The parent of all processes of one station; standard library only, so that it stays small."""

"""What the central system may ask, a file per feature profile. An action that no file answers is not supported."""

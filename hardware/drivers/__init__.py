"""One file per kind of controller, named like its driver; parts of a driver begin with an underscore."""

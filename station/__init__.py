"""The station as a whole: settings, the parent, the console, and the wiring between the parts.

Nothing is imported here: `python -m station` must stay a small parent without Django. The Celery app becomes
current in `station.apps`, which every process with Django runs before it can publish a task.
"""

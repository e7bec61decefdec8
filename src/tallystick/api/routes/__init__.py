"""Routes, one thin file a service: a body's shape and the office's verb it stands for."""

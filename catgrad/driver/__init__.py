"""The rooms of catgrad-opt; each is loaded when an option asks for it."""

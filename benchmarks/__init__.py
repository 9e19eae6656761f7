"""How fast catgrad's programs train, beside other systems on the same mathematics: `make bench`."""

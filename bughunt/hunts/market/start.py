# A blank file: all of it is yours. The lesson's fixtures are a good beginning.

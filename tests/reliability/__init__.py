"""The kill storm: a whole site at work while its processes are killed, and then a comparison with what the shops say.

    make reliability KILLS=200 ARGS="--seed 7"

Nothing of it is a test that pytest collects; `.ci/run` runs a small storm, and a big one fills the scoreboard of
[tests/README.md](../README.md).
"""

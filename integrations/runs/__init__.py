"""The run row is the truth about every job: asked for, claimed, advanced, finished; the queue only rings."""

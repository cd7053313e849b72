"""The program that starts a built image and asks it, in a process of its own.

It writes down what came back and judges nothing; see `sluicegate.stages.smoke`. What a
container sends is hostile: sizes and times are bounded, no redirect is followed.
"""

"""Courses, runs, their content and policies: what is offered, and on which terms?"""

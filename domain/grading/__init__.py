"""What is work worth, and what follows for the course?"""

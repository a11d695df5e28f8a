"""How long is what is known of learners kept?"""

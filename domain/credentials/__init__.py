"""Which certificates stand?"""

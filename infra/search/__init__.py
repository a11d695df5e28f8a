"""How is what people search for found, in PostgreSQL and in Elasticsearch?"""

"""Who is moved by contact: learners from randomised lists, their measures, and when to use them."""

//! NumPy's legacy random generator and its distributions, bit for bit.

//! What the chosen trials of a plan will cost and how long they will take.

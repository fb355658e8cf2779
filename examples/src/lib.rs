//! Short programs for people who build on Crossway.

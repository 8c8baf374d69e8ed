// Jest takes `testTimeout` from the root configuration only; the projects on real services say theirs here: an end for what hangs, no measure of speed.
jest.setTimeout(240_000);

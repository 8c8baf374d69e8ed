// Jest takes `testTimeout` from the root configuration only; the projects on real services say theirs here.
jest.setTimeout(60_000);

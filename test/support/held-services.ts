import type { EmbeddedServices } from '../../src/dev/embedded-services.js';

// On `globalThis`, since Jest loads the set-up and the tear-down with separate module registries.
const holder: typeof globalThis & { opcoviaTestServices?: EmbeddedServices } = globalThis;

/** The services this test run holds; given some, holds these. */
export function heldServices(services?: EmbeddedServices): EmbeddedServices | undefined {
  if (services) holder.opcoviaTestServices = services;
  return holder.opcoviaTestServices;
}

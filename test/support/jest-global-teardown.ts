import { heldServices } from './held-services.js';

/** Gives the embedded services back; they stop unless another test run uses them. */
export default async function stopTestServices(): Promise<void> {
  await heldServices()?.release();
}

import type { PipeTransform } from '@nestjs/common';
import { opcoNotServed } from '../core/opco-not-served.js';
import { adapterOf } from '../opco/adapters.js';

/** The slug of an OPCO; anything else is refused as the pipeline refuses it. */
export class KnownOpcoPipe implements PipeTransform<string> {
  transform(slug: string): string {
    const adapter = adapterOf(slug);
    if (!adapter) throw opcoNotServed();
    return adapter.id;
  }
}

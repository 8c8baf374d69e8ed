import type { PipeTransform } from '@nestjs/common';
import { fail } from '../core/errors.js';

/** An id that cannot exist is as unknown as one that does not: 404, so that a foreign id teaches nothing. */
export class UuidPipe implements PipeTransform<string> {
  transform(id: string): string {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw fail('NOT_FOUND');
    return id;
  }
}

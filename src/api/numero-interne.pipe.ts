import type { PipeTransform } from '@nestjs/common';
import { fail } from '../core/errors.js';

const shape = /^[^\p{Cc}\p{Cs}]{1,100}$/u;

/** Lets a number of a dossier pass as the norm's reads do, and refuses what can be none with VALIDATION_ERROR. */
export class NumeroInternePipe implements PipeTransform<string, string> {
  transform(numeroInterne: string): string {
    if (shape.test(numeroInterne)) return numeroInterne;
    throw fail('VALIDATION_ERROR', {
      findings: [
        {
          pointer: '/path/numeroInterne',
          code: 'pattern',
          message: 'De 1 à 100 caractères, sans caractère de contrôle.',
        },
      ],
    });
  }
}

import { Controller, Get, Header } from '@nestjs/common';
import { staffDocument } from './staff-document.js';
import { ForStaff } from './staff/staff-role.js';

/** What the staff listener serves, for tools. */
@Controller('admin/doc')
export class DocumentController {
  readonly #document = staffDocument();

  @Get()
  @ForStaff('viewer')
  @Header('cache-control', 'private, no-store')
  show(): object {
    return this.#document;
  }
}

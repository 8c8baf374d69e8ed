import { type DynamicModule, Global, Module } from '@nestjs/common';
import { systemClock } from '../../core/clock.js';
import { CLOCK } from '../clock.token.js';
import { KeyRing } from '../crypto/key-ring.js';
import { Env } from './env.js';
import { parseUpstreams, Upstreams } from './upstreams.js';

/** The configuration and what is read out of it once: key ring, hosts, clock. */
@Global()
@Module({})
export class ConfigModule {
  static of(env: Env): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Env, useValue: env },
        { provide: CLOCK, useValue: systemClock },
        { provide: KeyRing, useFactory: () => KeyRing.parse(env.OPCOVIA_KEYRING ?? '') },
        { provide: Upstreams, useFactory: () => parseUpstreams(env) },
      ],
      exports: [Env, CLOCK, KeyRing, Upstreams],
    };
  }
}

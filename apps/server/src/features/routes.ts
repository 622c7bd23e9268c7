import type { Route } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';

/** All routes, one line a feature. */
export const featureRoutes = (_deps: Deps): Route[] => [
];

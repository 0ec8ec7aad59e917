/** Photos on their way to a service at once: it has its own queue. */
export const PHOTOS_ON_THE_WAY = 4;

// Which addresses are out in the world. The ranges are ipaddr.js's: it has no dependencies, is used by Express and
// Fastify to judge client addresses, follows the IANA special-purpose registries, and parses strictly.
import ipaddr from 'ipaddr.js';

/**
 * True for an address that belongs to nobody's inside: not private, loopback, link-local, metadata, shared (CGNAT),
 * multicast, documentation or reserved, and none that carries another address in itself (IPv4-mapped, NAT64, 6to4,
 * Teredo), which would be a way around the rest.
 */
export function isPublicAddress(text: string): boolean {
  // A zone (fe80::1%eth0) names an interface of this machine.
  if (text.includes('%') || !ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv4') return ipaddr.IPv4.isValidFourPartDecimal(text);
  // Everything IANA has given out for the public internet lies in 2000::/3; whatever else comes is not ours to call.
  return (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

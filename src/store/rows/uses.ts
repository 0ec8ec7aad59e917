export const LAST_USE = 'coalesce(last_used_ms, created_ms)';

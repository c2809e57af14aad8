/** How often each scenario goes round: 20 by hand, three in CI. */
export const rounds = Number(process.env.CHAOS_ROUNDS ?? 20)

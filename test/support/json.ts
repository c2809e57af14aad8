/** The JSON body of an answer. Tests look into it without declaring it again. */
export async function json(response: Response): Promise<any> {
  return response.json()
}
